function lib(text) { return 'lib: ' + text; }
