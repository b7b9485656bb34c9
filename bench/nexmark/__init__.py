"""Nexmark: an auction house's queries in SQL, of persons, auctions and bids that are generated here."""
