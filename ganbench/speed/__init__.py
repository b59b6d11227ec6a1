"""How fast engines train, held against hand-written loops and against what the machine reaches."""
