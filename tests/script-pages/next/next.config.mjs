/** A static export: the files are served as they are. */
export default { output: 'export', images: { unoptimized: true }, turbopack: { root: import.meta.dirname } };
