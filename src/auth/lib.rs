//! SASL mechanisms as sans-IO state machines, password keys, credential providers.
