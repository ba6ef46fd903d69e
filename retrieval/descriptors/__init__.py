"""What turns pictures into features: subject (timm backbones) and colour."""
