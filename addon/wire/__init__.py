"""What stands around a body: codings, hosts, clients, usage figures."""
