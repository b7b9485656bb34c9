"""Flink's SQL: text to frozen syntax trees and back, without looking at what names mean."""
