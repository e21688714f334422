parent.postMessage({ text: 'the widget says 1,204' }, '*');
