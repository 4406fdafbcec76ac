import { provideZoneChangeDetection } from "@angular/core";

export const providers = [provideZoneChangeDetection({ eventCoalescing: true })];
