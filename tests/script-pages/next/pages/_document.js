import { Head, Html, Main, NextScript } from 'next/document';

export default function Document() {
  return <Html lang="en"><Head><title>The next Post</title></Head><body><Main /><NextScript /></body></Html>;
}
