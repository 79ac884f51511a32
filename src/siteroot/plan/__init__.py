"""From pins and stored wheels to a plan, and from a plan to rows. Pure: no file is read or written here."""
