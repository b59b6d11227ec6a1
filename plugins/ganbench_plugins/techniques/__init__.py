"""What can be added to any variant, one file each: penalties, constraints, packing and so on."""
