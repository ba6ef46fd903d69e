"""Turns pictures into features: subject, texture and layout (by a timm backbone), colour and keypoints."""
