export function Article({ story }) {
  return (
    <article>
      <h1>{story.title}</h1>
      <p className="byline">By {story.author}</p>
      {story.body.map((text, at) => <p key={at}>{text}</p>)}
      <img data-src="/pictures/weir.jpg" alt="" width="640" height="400" />
    </article>
  );
}
