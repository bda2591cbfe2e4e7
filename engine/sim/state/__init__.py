"""What a machine is made of between two turns: plain ints and lists, copied and packed alike."""
