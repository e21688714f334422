//! Where each capture lies.
