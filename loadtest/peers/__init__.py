"""Other ways to serve language identification, as small as their users would write them."""
