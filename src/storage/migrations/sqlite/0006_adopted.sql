-- Which auth provider has the account, if it is not the server's own store: such a row has no keys. At most 64 bytes of ASCII.
ALTER TABLE account ADD COLUMN provider VARCHAR(64);
CREATE INDEX account_provider ON account (domain, provider, local);
