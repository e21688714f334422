function lib(text) { return text.split(' ').reverse().join(' '); }
