"""The photographs of scikit-image, and texts about them."""
PHOTOGRAPHS = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]
TEXTS = ["a photo of a cat", "coffee!", "An astronaut, smiling; in front of a flag (1983)", "größe 猫 🚀"]
