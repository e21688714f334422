export const rule = () => document.createElement('hr');
