"""From effects to a result that the evidence allows."""
