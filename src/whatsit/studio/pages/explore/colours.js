// Colours by which groups are told apart, by most people with a colour weakness too, on light and on dark.
export const COLOURS = ["#2f8f74", "#d8782f", "#5b73d8", "#c7488f", "#b59a1c", "#3aa3c9", "#8a5cc4", "#d1495b", "#6f9e3a", "#8d6e58", "#1f7a99", "#e0a03a"];
export const GREY = "#8b928d";
export const colourAt = (place) => COLOURS[place] ?? `hsl(${Math.round(place * 137.5) % 360} 55% 52%)`;

// A kind of finding has the same colour whichever others there are.
const FINDINGS = {
  unreadable: "#d1495b", tiny: "#d8782f", label_issue: "#5b73d8", outlier: "#c7488f", near_copy: "#b59a1c", blurred: "#3aa3c9", across_splits: "#8a5cc4",
  conflict: "#2f8f74", exact_copy: "#6f9e3a", dark: "#8d6e58", bright: "#e0a03a", twin_labels: "#1f7a99", small_class: "#e89ab0", empty_split: "#7fc8b8", unbalanced: "#9aa7e8",
  unusable_name: "#b08bd9", ignored: "#c9b458", damaged_record: "#5e6b8a",
};
export const findingColour = (kind) => FINDINGS[kind] ?? GREY;
