"""Output of test runners, compilers, package managers."""
