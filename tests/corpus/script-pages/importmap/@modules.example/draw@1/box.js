export const box = (text, colour) => {
  const element = document.createElement('div');
  Object.assign(element.style, { padding: '24px', width: '400px', background: colour });
  element.textContent = text;
  return element;
};
