//! The flags of `relay`.

use clap::Args;

/// `relay`
#[derive(Debug, Args)]
#[command(
    after_help = "Archives name it as a proxy: relay://HOST:PORT, or relay://anyone:TOKEN@HOST:PORT. The first line printed is the address,\nthe second the key by which others check what it signs. It looks names up itself, connects to names alone, and sees\nnothing but ciphertext. What it proves rests on its not working together with the archive."
)]
pub struct RelayArgs {
    /// Where to listen; port 0 picks one (else relay.bind)
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<String>,
    /// The name of the relay (else relay.name, or one made from its key)
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print the key, made where there is none, and end
    #[arg(long)]
    pub key: bool,
    /// Give an address by hand, as in curl; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDR[:PORT]", help_heading = "Network")]
    pub resolve: Vec<String>,
    /// Allow loopback and private addresses
    #[arg(long, help_heading = "Network")]
    pub allow_private: bool,
}
