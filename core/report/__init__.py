"""What an audit says: findings, tables, figures, and the documents made of them."""
