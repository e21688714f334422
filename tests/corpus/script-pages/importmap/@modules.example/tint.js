export const tint = '#def';
