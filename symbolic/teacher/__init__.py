"""Teacher family: population loss of a ReLU student against an orthonormal ReLU teacher, Gaussian inputs."""
