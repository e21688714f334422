export function article({ title, paragraphs }) {
  const element = document.createElement('article');
  const heading = document.createElement('h1');
  heading.textContent = title;
  element.append(heading, ...paragraphs.map((text) => {
    const paragraph = document.createElement('p');
    paragraph.textContent = text;
    return paragraph;
  }));
  return element;
}
