import dynamic from 'next/dynamic';
import { useRouter } from 'next/router';
import { useEffect, useRef, useState } from 'react';
import { STORIES } from '../../stories.mjs';

// Drawn in the browser alone, from a bundle of its own.
const Article = dynamic(() => import('../../article.js'), { ssr: false });

export const getStaticPaths = () => ({
  fallback: false,
  paths: STORIES.filter(({ site }) => site === 'next').map(({ feature, slug }) => ({ params: { feature, slug } })),
});

export function getStaticProps({ params: { feature, slug } }) {
  const { title, author, body } = STORIES.find((story) => story.site === 'next' && story.slug === slug);
  const article = { title, author, publishedAt: '2026-03-02T08:00:00Z', body };
  return { props: feature === 'state' ? { feature, title, article } : { feature, title } };
}

export default function Page({ feature, title, article }) {
  const [story, setStory] = useState(null);
  const end = useRef(null);
  const router = useRouter();
  useEffect(() => {
    if (!router.isReady) return;
    if (feature === 'state') setStory(article);
    else import('../../common.js').then(({ tell }) => tell(setStory, () => end.current));
  }, [router.isReady]);
  return <main>{story && <Article story={story} />}<div ref={end} style={{ height: 1 }} /></main>;
}
