"""What all lossy transforms share: which lines matter, where to cut, and the proof that nothing else went."""
