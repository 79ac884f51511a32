"""Source trees out of version control: one commit, as the git command checks it out."""
