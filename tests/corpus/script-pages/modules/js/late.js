export function footer(paper) {
  const element = document.createElement('footer');
  element.textContent = `${paper}, printed on the quay`;
  return element;
}
