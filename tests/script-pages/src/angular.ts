import { ChangeDetectionStrategy, Component, ElementRef, afterNextRender, inject, provideZonelessChangeDetection, signal } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { RouterOutlet, provideRouter } from '@angular/router';
// @ts-ignore
import { tell } from './common.js';

@Component({
  selector: 'news-story',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (story(); as told) {
      <article>
        <h1>{{ told.title }}</h1>
        <p class="byline">By {{ told.author }}</p>
        @for (text of told.body; track $index) { <p>{{ text }}</p> }
        <img data-src="/pictures/weir.jpg" alt="" width="640" height="400">
      </article>
    }
    <div class="end" style="height:1px"></div>`,
})
export class NewsStory {
  story = signal<any>(null);
  constructor() {
    const element = inject(ElementRef).nativeElement as HTMLElement;
    afterNextRender(() => tell((told: any) => this.story.set({ ...told }), () => element.querySelector('.end')));
  }
}

@Component({ selector: 'app-root', imports: [RouterOutlet], template: '<router-outlet />' })
export class Root {}

bootstrapApplication(Root, {
  providers: [
    provideZonelessChangeDetection(),
    provideRouter([{ path: ':feature/:slug', component: NewsStory }]),
  ],
});
