"""What stands in the request already is pointed to, not sent again."""
