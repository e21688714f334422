import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter, Route, Routes } from 'react-router';
import { feature, tell } from './common.js';

// The view of an article is a bundle of its own.
const Article = lazy(() => import('./react-article.jsx').then((module) => ({ default: module.Article })));

function Page() {
  const [story, setStory] = useState(null);
  const end = useRef(null);
  useEffect(() => { tell(setStory, () => end.current); }, []);
  return (
    <main>
      <Suspense fallback={<p>Loading…</p>}>{story && <Article story={story} />}</Suspense>
      <div ref={end} style={{ height: 1 }} />
    </main>
  );
}

const page = <Page />;
createRoot(document.getElementById('root')).render(feature === 'route'
  ? <BrowserRouter><Routes><Route path="/route/:slug" element={page} /></Routes></BrowserRouter>
  : page);
