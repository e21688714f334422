export const name = 'by name';
