export const paper = 'The Lock-keeper';
