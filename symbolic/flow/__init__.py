"""The gradient flow, in floating point: where a run goes and when. What it passes and where it ends is identified
elsewhere, exactly."""
