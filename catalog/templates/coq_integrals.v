Require Import Reals Lra Psatz List.
Import ListNotations.
Open Scope R_scope.

(** * Integrals of polynomials

    [integral f a b value]: f is Riemann integrable on [a, b], and its integral there is value. The integral is that
    of the standard library. *)

Definition integral (f : R -> R) (a b value : R) : Prop :=
  exists integrable : Riemann_integrable f a b, RiemannInt integrable = value.

(** Polynomials as lists of coefficients, constant term first, times [x ^ k], and their primitives. *)

Fixpoint eval (k : nat) (p : list R) (x : R) : R :=
  match p with
  | [] => 0
  | c :: q => c * x ^ k + eval (S k) q x
  end.

Fixpoint primitive (k : nat) (p : list R) (x : R) : R :=
  match p with
  | [] => 0
  | c :: q => c / INR (S k) * x ^ S k + primitive (S k) q x
  end.

Lemma primitive_derivative : forall p k x, derivable_pt_lim (primitive k p) x (eval k p x).
Proof.
  induction p as [|c q IH]; intros k x.
  - apply derivable_pt_lim_const.
  - change (derivable_pt_lim (plus_fct (fun y => c / INR (S k) * y ^ S k) (primitive (S k) q)) x
      (c * x ^ k + eval (S k) q x)).
    apply derivable_pt_lim_plus; [|apply IH].
    replace (c * x ^ k) with (c / INR (S k) * (INR (S k) * x ^ pred (S k))).
    + apply (derivable_pt_lim_scal (fun y => y ^ S k)). apply derivable_pt_lim_pow.
    + simpl pred. field. apply not_0_INR. discriminate.
Qed.

Lemma eval_continuity : forall p k, continuity (eval k p).
Proof.
  induction p as [|c q IH]; intros k.
  - apply continuity_const. intros x y. reflexivity.
  - change (continuity (plus_fct (fun y => c * y ^ k) (eval (S k) q))).
    apply continuity_plus; [|apply IH].
    apply (continuity_scal (fun y => y ^ k)). apply derivable_continuous, derivable_pow.
Qed.

Lemma integral_polynomial : forall p a b, a <= b ->
  integral (eval 0 p) a b (primitive 0 p b - primitive 0 p a).
Proof.
  intros p a b order.
  assert (D : derivable (primitive 0 p)).
  { intro x. exists (eval 0 p x). apply primitive_derivative. }
  assert (E : forall x, derive (primitive 0 p) D x = eval 0 p x).
  { intro x. apply derive_pt_eq_0, primitive_derivative. }
  assert (C : continuity (derive (primitive 0 p) D)).
  { intros x eps positive. destruct (eval_continuity p 0 x eps positive) as [d [dpos close]].
    exists d. split; [exact dpos|]. intros y near. rewrite !E. apply close, near. }
  assert (I : Riemann_integrable (eval 0 p) a b).
  { apply continuity_implies_RiemannInt; [exact order|]. intros x _. apply eval_continuity. }
  exists I.
  pose (F := mkC1 C).
  assert (J : Riemann_integrable (derive F (diff0 F)) a b).
  { apply continuity_implies_RiemannInt; [exact order|]. intros x _. apply (cont1 F). }
  transitivity (RiemannInt J); [|exact (FTC_Riemann F J)].
  apply RiemannInt_P18; [exact order|]. intros x _. symmetry. apply (E x).
Qed.

Lemma integral_on_piece : forall p f a b value, a <= b ->
  (forall x, a <= x <= b -> f x = eval 0 p x) ->
  primitive 0 p b - primitive 0 p a = value ->
  integral f a b value.
Proof.
  intros p f a b value order same result.
  destruct (integral_polynomial p a b order) as [I V].
  assert (J : Riemann_integrable f a b).
  { refine (@Riemann_integrable_ext (eval 0 p) f a b _ I).
    intros x. rewrite Rmin_left, Rmax_right by exact order. intro inside. symmetry. apply same, inside. }
  exists J. rewrite <- result, <- V.
  apply RiemannInt_P18; [exact order|]. intros x inside. apply same. lra.
Qed.

Lemma integral_joined : forall f a b c left right,
  integral f a b left -> integral f b c right -> integral f a c (left + right).
Proof.
  intros f a b c left right [I V] [J W].
  exists (RiemannInt_P24 I J).
  rewrite <- V, <- W. symmetry. apply RiemannInt_P26.
Qed.

Lemma integral_unique : forall f a b left right, integral f a b left -> integral f a b right -> left = right.
Proof.
  intros f a b left right [I V] [J W]. rewrite <- V, <- W. apply RiemannInt_P5.
Qed.

Lemma integral_is : forall f a b found value, integral f a b found -> found = value -> integral f a b value.
Proof. intros f a b found value I E. rewrite <- E. exact I. Qed.

Fixpoint plus (p q : list R) : list R :=
  match p, q with
  | [], _ => q
  | _, [] => p
  | c :: p', d :: q' => c + d :: plus p' q'
  end.

Fixpoint times (p q : list R) : list R :=
  match p with
  | [] => []
  | c :: p' => plus (map (Rmult c) q) (0 :: times p' q)
  end.

Lemma eval_plus : forall p q k x, eval k (plus p q) x = eval k p x + eval k q x.
Proof.
  induction p as [|c p IH]; intros [|d q] k x; simpl; try ring. rewrite IH. ring.
Qed.

Lemma eval_scaled : forall q c k x, eval k (map (Rmult c) q) x = c * eval k q x.
Proof. induction q as [|d q IH]; intros c k x; simpl; try ring. rewrite IH. ring. Qed.

Lemma eval_shifted : forall p k x, eval (S k) p x = x * eval k p x.
Proof. induction p as [|c p IH]; intros k x; simpl; try ring. rewrite (IH (S k)). simpl. ring. Qed.

Lemma eval_times : forall p q x, eval 0 (times p q) x = eval 0 p x * eval 0 q x.
Proof.
  induction p as [|c p IH]; intros q x.
  - simpl. ring.
  - change (times (c :: p) q) with (plus (map (Rmult c) q) (0 :: times p q)).
    rewrite eval_plus, eval_scaled.
    change (eval 0 (0 :: times p q) x) with (0 * x ^ 0 + eval 1 (times p q) x).
    change (eval 0 (c :: p) x) with (c * x ^ 0 + eval 1 p x).
    rewrite !eval_shifted, IH. simpl. ring.
Qed.

Lemma order_by_difference : forall a b, 0 <= b - a -> a <= b.
Proof. intros. lra. Qed.

Lemma equal_nonnegative : forall number P, 0 <= number -> P = number -> 0 <= P.
Proof. intros number P N E. rewrite E. exact N. Qed.

Lemma initially_nonnegative : forall e bound k A B P, 0 <= e <= bound ->
  0 <= A -> 0 <= A + B * bound -> P = e ^ k * (A + B * e) -> 0 <= P.
Proof.
  intros e bound k A B P range start finish E. rewrite E.
  apply Rmult_le_pos; [apply pow_le; lra|].
  destruct (Rle_dec 0 B); nra.
Qed.

Lemma between : forall w b l u x, 0 <= w * l + b -> 0 <= w * u + b -> l <= x <= u -> 0 <= w * x + b.
Proof. intros w b l u x left right inside. destruct (Rle_dec 0 w); nra. Qed.

(** Bounds of polynomials on short intervals. *)

Lemma falls : forall loss e k P, 0 < e -> P < 0 -> loss + e ^ k * P < loss.
Proof. intros loss e k P positive negative. assert (H := pow_lt e k positive). nra. Qed.

Lemma negative : forall e bound P size q, 0 <= e <= bound -> Rabs P <= size -> q + bound * size < 0 -> q + e * P < 0.
Proof.
  intros e bound P size q range small below. assert (H := Rle_abs P). assert (H' := Rabs_pos P). nra.
Qed.

Lemma bounded_step : forall e bound q size P size', 0 <= e <= bound -> Rabs q <= size -> Rabs P <= size' ->
  Rabs (q + e * P) <= size + bound * size'.
Proof.
  intros e bound q size P size' range first second.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult, (Rabs_right e) by lra.
  assert (H := Rabs_pos P). nra.
Qed.

Lemma integral_same : forall f g a b value, a <= b ->
  (forall x, a <= x <= b -> f x = g x) -> integral f a b value -> integral g a b value.
Proof.
  intros f g a b value order same [I V].
  assert (J : Riemann_integrable g a b).
  { refine (@Riemann_integrable_ext f g a b _ I).
    intros x. rewrite Rmin_left, Rmax_right by exact order. apply same. }
  exists J. rewrite <- V. apply RiemannInt_P18; [exact order|]. intros x inside. symmetry. apply same. lra.
Qed.

Lemma bound_sum : forall P Q p q, Rabs P <= p -> Rabs Q <= q -> Rabs (P + Q) <= p + q.
Proof. intros P Q p q first second. eapply Rle_trans; [apply Rabs_triang|]. lra. Qed.

Lemma bound_product : forall P Q p q, Rabs P <= p -> Rabs Q <= q -> Rabs (P * Q) <= p * q.
Proof.
  intros P Q p q first second. rewrite Rabs_mult. assert (H := Rabs_pos P). assert (H' := Rabs_pos Q).
  apply Rmult_le_compat; assumption.
Qed.

Lemma bound_mixed : forall x y S size, Rabs S <= size -> - (size / 2) * (x ^ 2 + y ^ 2) <= x * y * S.
Proof.
  intros x y S size small. assert (H := Rle_abs S). assert (H' := Rle_abs (- S)). rewrite Rabs_Ropp in H'.
  assert (A : 0 <= (size + S) * (x + y) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  assert (B : 0 <= (size - S) * (x - y) ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  assert (C : (size + S) * (x + y) ^ 2 + (size - S) * (x - y) ^ 2 = 2 * (size * (x ^ 2 + y ^ 2) + 2 * (x * y * S)))
    by ring.
  lra.
Qed.

Lemma above : forall least s t, 0 <= s -> 0 <= t -> least <= least + s + t.
Proof. intros. lra. Qed.

Lemma bounds_of_difference : forall x y size, Rabs (x - y) <= size -> y - size <= x <= y + size.
Proof. intros x y size near. assert (H := Rle_abs (x - y)). assert (H' := Rle_abs (- (x - y))).
  rewrite Rabs_Ropp in H'. lra.
Qed.
