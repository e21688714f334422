//! The only file that names sled. (Filled by the index work.)
