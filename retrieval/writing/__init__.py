"""What changes a library: its one writer under a lock, and the keeper of what is saved by name. Readers never
import this room.
"""
