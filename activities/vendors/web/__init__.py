"""Requests to other people's systems, made so that they reach nothing else."""

from activities.vendors.web.addresses import objection_to
from activities.vendors.web.client import SafeWeb
from activities.vendors.web.urls import encoded, url_of

__all__ = ["SafeWeb", "encoded", "objection_to", "url_of"]
