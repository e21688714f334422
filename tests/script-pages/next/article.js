export default function Article({ story: { title, author, body } }) {
  return <article><h1>{title}</h1><p className="byline">By {author}</p>{body.map((text, at) => <p key={at}>{text}</p>)}</article>;
}
