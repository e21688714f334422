//! SURT urlkeys. (Filled by the index work.)
