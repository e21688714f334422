//! The flags of `relay`.

use clap::Args;

/// `relay`
#[derive(Debug, Args)]
#[command(
    after_help = "Archives use it as a proxy: relay://HOST:PORT, or relay://anyone:TOKEN@HOST:PORT. The first line printed is the address,\nthe second the key with which others verify its signatures. It resolves names itself, connects only to names, and sees\nonly ciphertext. Its proofs hold only if it does not collude with the archive."
)]
pub struct RelayArgs {
    /// Where to listen; port 0 picks one (else relay.bind)
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<String>,
    /// The name of the relay (else relay.name, or one derived from its key)
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print the key, created if missing, and exit
    #[arg(long)]
    pub key: bool,
    /// Use this address for a host, as in curl; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDR[:PORT]", help_heading = "Network")]
    pub resolve: Vec<String>,
    /// Allow loopback and private addresses
    #[arg(long, help_heading = "Network")]
    pub allow_private: bool,
}
