//! The simulated merchant and its credentials, which are worth nothing outside of this machine.

pub(super) const MERCHANT_ID: &str = "MGATEHOUSELOCAL";
pub(super) const MERCHANT_NAME: &str = "Gatehouse";
pub(super) const CLIENT_ID: &str = "GATEHOUSE_LOCAL";
pub(super) const CLIENT_VERSION: &str = "1";
pub(super) const CLIENT_SECRET: &str = "gatehouse-local-phonepe-secret";
pub(super) const WEBHOOK_USERNAME: &str = "gatehouse_local";
pub(super) const WEBHOOK_PASSWORD: &str = "localwebhook1";
/// Signs the calls of version 1.
pub(super) const SALT_KEY: &str = "local-salt-key-worth-nothing";
pub(super) const SALT_INDEX: &str = "1";
