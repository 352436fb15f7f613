"""What both sides of the judgement of optimisers' states know."""
FIRST, LATER = 6, 6
PYTORCH = ("adamw", "adamw-groups", "adam", "sgd", "rmsprop", "adafactor", "lion", "lightning", "bert", "gpt2")
KERAS = ("adam-h5", "adam-keras", "adamw-keras", "sgd-h5", "lion-keras")
