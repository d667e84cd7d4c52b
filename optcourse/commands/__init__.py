"""The commands of `optcourse` that belong to no other room: lab, test, doctor, check."""
